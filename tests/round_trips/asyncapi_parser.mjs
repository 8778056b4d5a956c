// Reads AsyncAPI documents, one JSON text in each line of standard input; answers with a line of JSON for each.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Parser } = await import(pathToFileURL(process.argv[2]).href).then((one) => one.default ?? one);
const parser = new Parser();
for await (const line of createInterface({ input: process.stdin })) {
  const { document, diagnostics } = await parser.parse(JSON.parse(line));
  const found = diagnostics.map((one) => [one.severity, one.message, one.path.join(".")]);
  process.stdout.write(`${JSON.stringify({ valid: document !== undefined, found })}\n`);
}
