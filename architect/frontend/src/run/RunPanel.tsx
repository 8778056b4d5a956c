export interface RunPanelProps {
  selection: { kind: "node" | "edge"; id: string } | null;
}

export function RunPanel(_props: RunPanelProps) {
  return <section className="run-panel" aria-label="Charts and results" />;
}
