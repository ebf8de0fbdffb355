/** The few controls the bar and the panel are made of. */
import { make } from "../view/dom";
import type { Shell } from "./shell";

export interface Ui {
  button(text: string, style: string, run: () => unknown, more?: Record<string, string>): HTMLButtonElement;
  input(label: string, text: string, run: (text: string) => unknown, more?: { hint?: string; list?: string[]; error?: string; lines?: number; locked?: boolean }): HTMLElement;
  choice(label: string, chosen: string, options: [string, string][], run: (chosen: string) => unknown): HTMLElement;
  tick(label: string, ticked: boolean, run: (ticked: boolean) => unknown): HTMLElement;
}

/** `input`, since `change` never leaves a shadow root. */
export function openUi({ on }: Shell): Ui {
  let count = 0;
  const labelled = (label: string, control: HTMLElement, hint?: string, error?: string) => {
    const id = `f${++count}`;
    control.id = id;
    const below = error ?? hint;
    if (below) control.setAttribute("aria-describedby", id + "h");
    if (error) control.setAttribute("aria-invalid", "true");
    return make("div", { class: "field" }, make("label", { for: id }, label), control, below && make("small", { id: id + "h", class: error ? "error" : "" }, below));
  };
  return {
    button(text, style, run, more = {}) {
      return on(make("button", { type: "button", class: style, ...more }, text), "click", run);
    },
    input(label, text, run, { hint, list, error, lines, locked } = {}) {
      const control: HTMLInputElement | HTMLTextAreaElement = lines ? make("textarea", { rows: `${lines}` }) : make("input", { type: "text", autocomplete: "off", spellcheck: "false" });
      control.value = text;
      control.readOnly = !!locked;
      on(control, "input", () => run(control.value));
      const field = labelled(label, control, hint, error);
      if (list?.[0]) {
        const options = make("datalist", { id: control.id + "l" }, ...list.map((one) => make("option", { value: one })));
        control.setAttribute("list", options.id);
        field.append(options);
      }
      return field;
    },
    choice(label, chosen, options, run) {
      const control = make("select", {}, ...options.map(([key, text]) => make("option", { value: key }, text)));
      control.value = chosen;
      on(control, "input", () => run(control.value));
      return labelled(label, control);
    },
    tick(label, ticked, run) {
      const control = make("input", { type: "checkbox" });
      control.checked = ticked;
      on(control, "input", () => run(control.checked));
      return make("label", { class: "tick" }, control, label);
    },
  };
}
