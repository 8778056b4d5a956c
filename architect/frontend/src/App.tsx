import { lazy, Suspense, useEffect } from "react";
import "./App.css";
import { PageHeader } from "./gallery/PageHeader";
import { interceptLinks, pageOf, usePath } from "./router";

const Gallery = lazy(() => import("./gallery/Gallery").then((module) => ({ default: module.Gallery })));
const RunsPage = lazy(() => import("./run/RunsPage").then((module) => ({ default: module.RunsPage })));
const ExperimentPage = lazy(() =>
  import("./experiments/ExperimentPage").then((module) => ({ default: module.ExperimentPage })),
);
const EditorPage = lazy(() =>
  import("./editor/EditorPage").then((module) => ({ default: module.EditorPage })),
);

/** The whole application: one page at a time, chosen by the address. */
export function App() {
  useEffect(interceptLinks, []);
  const page = pageOf(usePath());
  return (
    <Suspense fallback={<p className="app-loading">Loading …</p>}>
      {page.page === "gallery" && <Gallery />}
      {page.page === "runs" && <RunsPage />}
      {page.page === "design" && (
        <EditorPage key={page.designId} designId={page.designId} runId={page.runId} />
      )}
      {page.page === "experiment" && (
        <ExperimentPage
          key={page.designId}
          kind={page.kind}
          designId={page.designId}
          experimentId={page.experimentId}
        />
      )}
      {page.page === "missing" && <Missing path={page.path} />}
    </Suspense>
  );
}

function Missing({ path }: { path: string }) {
  return (
    <>
      <PageHeader here={null} />
      <main className="app-missing" id="main">
        <h1>There is no page here</h1>
        <p className="muted">
          Headrace has nothing at <code>{path}</code>.
        </p>
        <p>
          <a className="button" href="/">
            All designs
          </a>
        </p>
      </main>
    </>
  );
}
