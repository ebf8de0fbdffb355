/** The console's words in the reader's language: the page brings them, English is the key. */
let held: Record<string, string> = {};

export const learnWords = (words: Record<string, string>): void => {
  held = words;
};

export const say = (text: string, values: Record<string, string | number> = {}): string =>
  (held[text] ?? text).replace(/%\((\w+)\)s/g, (whole, name: string) => `${values[name] ?? whole}`);
