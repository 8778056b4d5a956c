import { ExperimentPill } from "../experiments/ExperimentPill";
import { RunPill } from "../run/RunPill";
import { ThemeSwitch } from "../theme/ThemeSwitch";
import { Logo } from "./Logo";
import "./page.css";

/** The head of the pages around the editor. */
export function PageHeader({ here }: { here: "gallery" | "runs" | null }) {
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className="page-header">
        <a className="brand" href="/" aria-label="Headrace, all designs">
          <Logo />
          Headrace
        </a>
        <nav aria-label="Pages">
          <a href="/" aria-current={here === "gallery" ? "page" : undefined}>
            Designs
          </a>
          <a href="/runs" aria-current={here === "runs" ? "page" : undefined}>
            Runs
          </a>
        </nav>
        <span className="page-header-gap" />
        <RunPill />
        <ExperimentPill />
        <ThemeSwitch />
      </header>
    </>
  );
}
