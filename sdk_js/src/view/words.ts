/** The few words that are ours, not the author's, in the order of `Words`; `#` stands for a number. */

export type Words = readonly [
  count: string,
  next: string,
  back: string,
  done: string,
  got_it: string,
  skip: string,
  close: string,
  more: string,
  later: string,
  never: string,
  no_tips: string,
  waiting: string,
  missing: string,
];

export const EN: Words = [
  "Step # of #",
  "Next",
  "Back",
  "Done",
  "Got it",
  "Skip",
  "Close",
  "More choices",
  "Later",
  "Don't show this again",
  "Turn all tips off",
  "Waiting for the page…",
  "This is not on your screen, so here it is in words.",
];
