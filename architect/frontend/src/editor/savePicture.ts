/** Files that the browser saves, and drawings turned into pixels. */

/** Pixels of the picture for each of the drawing: sharp on a slide. */
export const SCALE = 2;

export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // the browser has taken the file by the next task
  window.setTimeout(() => URL.revokeObjectURL(address), 1_000);
}

/** An SVG drawing as a PNG picture, twice as large. */
export async function pictureOf(svg: Blob): Promise<Blob> {
  const address = URL.createObjectURL(svg);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth * SCALE;
    canvas.height = image.naturalHeight * SCALE;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser draws no pictures");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise<Blob>((resolve, reject) =>
      canvas.toBlob(
        (blob) =>
          blob ? resolve(blob) : reject(new Error("the drawing is too large for a picture; take SVG")),
        "image/png",
      ),
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}
