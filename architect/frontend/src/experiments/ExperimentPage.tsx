import { useEffect, useMemo } from "react";
import { PageHeader } from "../gallery/PageHeader";
import { useMetricWords } from "../run/metricWords";
import { isGoing } from "../run/session";
import { CapacityForm } from "./CapacityForm";
import { CapacityView } from "./CapacityView";
import { CheapestForm } from "./CheapestForm";
import { CheapestView } from "./CheapestView";
import { CompareForm } from "./CompareForm";
import { ComparisonView } from "./ComparisonView";
import { Earlier } from "./Earlier";
import { pageAddress } from "./experimentsApi";
import type { Source } from "./OpenVariant";
import { Progress } from "./Progress";
import { SensitivityForm } from "./SensitivityForm";
import { SensitivityView } from "./SensitivityView";
import { SweepForm } from "./SweepForm";
import { SweepView } from "./SweepView";
import { settables } from "./settables";
import type { ExperimentKind, ExperimentResult } from "./types";
import { type Subject, useDesign } from "./useDesign";
import { useExperiment } from "./useExperiment";
import "../run/tables.css";
import "../run/run.css";
import "./experiments.css";
import "./form.css";

const TITLES: Readonly<Record<ExperimentKind, string>> = {
  comparison: "Compare",
  sweep: "Sweep",
  capacity: "Capacity",
  cheapest: "Cheapest",
  sensitivity: "Sensitivity",
};
const QUESTIONS: Readonly<Record<ExperimentKind, string>> = {
  comparison: "Which of these? Alternatives under the same load, differences with intervals.",
  sweep: "How does it change? One or two settings over a range.",
  capacity: "Where is the limit? The furthest value that still meets the objectives, and what breaks first.",
  cheapest: "What is the cheapest that meets the objectives, and what would a faster answer cost?",
  sensitivity: "Which of the numbers that nobody has measured decides? Measure that one first.",
};
const FIRST_FIGURES: Readonly<Record<ExperimentKind, string>> = {
  comparison: "The first figures come after two replications of every alternative.",
  sweep: "The first figures come with the first point.",
  capacity: "The first figures come with the first value that is decided.",
  cheapest: "The first figures come with the first configuration.",
  sensitivity: "The first figures come after two replications at both ends of every range.",
};
const FORMS = {
  comparison: CompareForm,
  sweep: SweepForm,
  capacity: CapacityForm,
  cheapest: CheapestForm,
  sensitivity: SensitivityForm,
} as const;

/** The experiments with one design: the form of a kind, or one experiment as it goes and what came out. */
export function ExperimentPage({
  kind,
  designId,
  experimentId,
}: {
  readonly kind: ExperimentKind;
  readonly designId: string;
  readonly experimentId: string | null;
}) {
  const { subject, problem } = useDesign(designId);
  const name = subject?.design.document.name ?? "";
  useEffect(() => {
    document.title = `${TITLES[kind]} ${name} – Headrace`;
  }, [kind, name]);
  return (
    <div className="page">
      <PageHeader here={null} />
      <main className="page-main experiment-page" id="main">
        <div className="experiment-head">
          <div>
            <p className="experiment-design">
              <a href={`/designs/${designId}`}>{name || "The design"}</a>
            </p>
            <h1>{TITLES[kind]}</h1>
            <p className="muted">{QUESTIONS[kind]}</p>
          </div>
          <nav className="segments" aria-label="Kinds of experiment">
            {(Object.keys(TITLES) as ExperimentKind[]).map((one) => (
              <a
                key={one}
                href={pageAddress(one, designId)}
                className={one === kind ? "chosen" : ""}
                aria-current={one === kind ? "page" : undefined}
              >
                {TITLES[one]}
              </a>
            ))}
          </nav>
        </div>
        {problem && (
          <p className="banner bad" role="alert">
            {problem}
          </p>
        )}
        {!subject && !problem && <p className="run-empty">Reading the design …</p>}
        {subject && experimentId !== null && (
          <Experiment key={experimentId} {...{ kind, experimentId, subject }} />
        )}
        {subject && experimentId === null && <Form key={kind} {...{ kind, subject }} />}
      </main>
    </div>
  );
}

function Form({ kind, subject }: { kind: ExperimentKind; subject: Subject }) {
  const KindForm = FORMS[kind];
  return (
    <>
      <KindForm subject={subject} />
      <Earlier kind={kind} designId={subject.design.id} />
    </>
  );
}

function Experiment({
  kind,
  experimentId,
  subject,
}: {
  kind: ExperimentKind;
  experimentId: string;
  subject: Subject;
}) {
  const { record, result, problem, cancel } = useExperiment(kind, experimentId);
  return (
    <>
      {problem && (
        <p className="banner bad" role="alert">
          {problem}
        </p>
      )}
      {!record && !problem && <p className="run-empty">Reading the experiment …</p>}
      {record && <Progress record={record} hasResult={result !== null} onCancel={cancel} />}
      {record && isGoing(record.status) && !result && <p className="run-empty">{FIRST_FIGURES[kind]}</p>}
      {result && (
        <Result
          source={{ kind, id: experimentId }}
          isGoing={record !== null && isGoing(record.status)}
          {...{ result, subject }}
        />
      )}
    </>
  );
}

function Result({
  result,
  subject,
  source,
  isGoing: goesOn,
}: {
  result: ExperimentResult;
  subject: Subject;
  source: Source;
  isGoing: boolean;
}) {
  const words = useMetricWords();
  const { label } = subject;
  const all = useMemo(() => settables(subject.design.document, subject.catalogue), [subject]);
  switch (result.format) {
    case "headrace-comparison/1":
      return <ComparisonView found={result} isGoing={goesOn} {...{ words, label, source }} />;
    case "headrace-sweep/1":
      return <SweepView found={result} {...{ words, label, all, source }} />;
    case "headrace-capacity/1":
      return <CapacityView found={result} {...{ words, label, all, source }} />;
    case "headrace-cheapest/1":
      return <CheapestView found={result} {...{ words, label, all, source }} />;
    case "headrace-sensitivity/1":
      return <SensitivityView found={result} {...{ words, label, all }} />;
  }
}
