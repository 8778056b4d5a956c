import { ArrowRight } from "lucide-react";
import { useState } from "react";
import { shownDocument } from "../document/store";
import type { DesignNode } from "../document/types";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { navigate } from "../router";
import { brokersOf, kindText, targetsFor } from "./draft";
import { pageAddress } from "./experimentsApi";
import { KindPicker, useSwapTargets } from "./KindPicker";
import { MappingTable } from "./Notes";
import { useSwapPreview } from "./useSwapPreview";
import { noteSummary } from "./words";
import "./experiments.css";
import "./form.css";

/** "Try as …" of a broker, a saga or a worker: another kind, what would become of its settings, and the way to the comparison. */
export function TryAs({ node }: { node: DesignNode }) {
  const { catalogue, saver } = useEditor();
  const document = useEditorState(shownDocument);
  const designId = useEditorState((state) => state.designId);
  const [kind, setKind] = useState("");
  const [variant, setVariant] = useState("");
  const wanted = kindText({ kind, variant });
  const { notes, problem } = useSwapPreview(document, node.id, wanted);
  const targets = targetsFor(node, brokersOf(document, catalogue), useSwapTargets());
  if (targets.length === 0) return null;
  const compare = async () => {
    await saver.flush();
    navigate(`${pageAddress("comparison", designId)}?try=${encodeURIComponent(`${node.id}=${wanted}`)}`);
  };
  return (
    <section className="try-as">
      <h3 className="inspector-section">Try as …</h3>
      <div className="form-row">
        <KindPicker
          title={targets.some((one) => one.of.length === 0) ? "Another kind of broker" : "What does the same"}
          {...{ targets, kind, variant }}
          onChange={(nextKind, nextVariant) => {
            setKind(nextKind);
            setVariant(nextVariant);
          }}
        />
      </div>
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      {notes && (
        <>
          <p className="muted run-note">{noteSummary(notes)}</p>
          <MappingTable notes={notes} caption="What becomes of the settings" />
          <button type="button" className="button primary" onClick={() => void compare()}>
            Compare with it <ArrowRight size={15} aria-hidden="true" />
          </button>
        </>
      )}
    </section>
  );
}
