export function Gallery() {
  return <main className="gallery" />;
}
