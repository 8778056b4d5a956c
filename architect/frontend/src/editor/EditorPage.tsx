export function EditorPage({ designId }: { designId: string; runId: string | null }) {
  return <main className="editor">{designId}</main>;
}
