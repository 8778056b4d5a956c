/** Files that the browser saves. */

export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // the browser has taken the file by the next task
  window.setTimeout(() => URL.revokeObjectURL(address), 1_000);
}
