export function RunsPage() {
  return <main className="runs-page" />;
}
