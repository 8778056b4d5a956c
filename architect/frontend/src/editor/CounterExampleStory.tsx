import { useEffect, useState } from "react";
import { type CounterExample, counterExample } from "../api/designs";
import { sentence } from "../api/errors";
import { asSentence } from "../document/problems";

/** What happens in the counter-example of a rule, moment by moment, and what it cost. */
export function CounterExampleStory({ code }: { code: string }) {
  const [found, setFound] = useState<CounterExample | string | null>(null);
  useEffect(() => {
    let left = false;
    counterExample(code).then(
      (example) => !left && setFound(example),
      (failure: unknown) => !left && setFound(sentence(failure)),
    );
    return () => {
      left = true;
    };
  }, [code]);
  if (found === null) return null;
  if (typeof found === "string") return <p className="problem-why">{found}</p>;
  return (
    <div className="problem-story">
      <p>
        <strong>{found.document.name}:</strong> {found.document.description}
      </p>
      <ol aria-label={`What happens in ${found.document.name}`}>
        {found.steps.map((step) => (
          <li key={step} className="tabular">
            {step.trim()}
          </li>
        ))}
      </ol>
      <p>
        {asSentence(found.damage)} <span className="muted">Mended: {asSentence(found.cured)}</span>
      </p>
    </div>
  );
}
