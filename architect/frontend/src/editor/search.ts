/** Finding by a few typed letters: the same rules in the palette, quick-add and the command list. */

interface Findable {
  readonly title: string;
  readonly words?: string;
}

const plain = (text: string) =>
  text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase();

/** How well a thing fits: 0 not at all, more is better. Every typed word must be found somewhere. */
export function score(query: string, thing: Findable): number {
  const words = plain(query)
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return 1;
  const title = plain(thing.title);
  const rest = plain(thing.words ?? "");
  let total = 0;
  for (const word of words) {
    if (title.startsWith(word)) total += 100;
    else if (title.split(/[\s.-]+/).some((part) => part.startsWith(word))) total += 60;
    else if (title.includes(word)) total += 40;
    else if (rest.split(/[\s.-]+/).some((part) => part.startsWith(word))) total += 20;
    else if (rest.includes(word)) total += 10;
    else if (isSubsequence(word, title)) total += 5;
    else return 0;
  }
  return total;
}

function isSubsequence(word: string, text: string): boolean {
  let at = 0;
  for (const letter of text) if (letter === word[at]) at += 1;
  return at === word.length && word.length > 1;
}

/** Those that fit, best first; what fits equally keeps its order. */
export function ranked<T extends Findable>(query: string, things: readonly T[]): T[] {
  if (query.trim() === "") return [...things];
  return things
    .map((thing, index) => ({ thing, index, score: score(query, thing) }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map((one) => one.thing);
}
