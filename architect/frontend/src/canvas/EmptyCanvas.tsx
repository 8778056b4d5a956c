import { useEditor } from "../editor/EditorContext";

/** What to do first, in the place where it is done. */
export function EmptyCanvas() {
  const { catalogue, actions, view } = useEditor();
  const producer = catalogue.bundle.kinds.find((kind) => kind.category === "producer");
  const addProducer = () => {
    const at = view.getState().canvas?.centre();
    if (producer && at) actions.edits.add(producer.kind, at);
  };
  return (
    <section className="empty-canvas" aria-label="First steps">
      <h2>An empty design</h2>
      <ol>
        <li>Add a producer: it makes the messages.</li>
        <li>Drag from its right edge to where the messages go: a queue or a topic.</li>
        <li>Connect consumers, then press Run.</li>
      </ol>
      <div className="empty-canvas-actions">
        <button type="button" className="button primary" onClick={addProducer} disabled={!producer}>
          Add a producer
        </button>
        <a className="button" href="/#templates">
          Start from a template
        </a>
        <a
          className="button"
          href="/#import"
          title="AsyncAPI, CloudFormation, RabbitMQ definitions, YAML and more"
        >
          Import files
        </a>
      </div>
      <p className="muted">Double-click anywhere to add any node by name.</p>
    </section>
  );
}
