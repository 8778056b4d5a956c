export function RunPill() {
  return null;
}
