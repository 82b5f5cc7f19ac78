// The editor: CodeMirror with what a short Python file needs.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  HighlightStyle,
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

// The colours are those of the page's own code blocks, light or dark.
const colour = (name) => ({ color: `var(--md-code-hl-${name}-color)` });
const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], ...colour("keyword") },
  { tag: [tags.string, tags.special(tags.string)], ...colour("string") },
  { tag: tags.number, ...colour("number") },
  { tag: [tags.bool, tags.null, tags.self], ...colour("constant") },
  { tag: tags.comment, ...colour("comment") },
  { tag: [tags.function(tags.variableName), tags.className], ...colour("function") },
  { tag: [tags.operator, tags.punctuation], ...colour("operator") },
]);

// An editor on `text`; `changed` hears of each change.
export function edit(parent, name, text, changed) {
  const labels = EditorView.contentAttributes.of({
    "aria-label": `${name}, editor. Escape, then Tab, leaves it.`,
    spellcheck: "false",
    tabindex: "0", // what scrolls around it is reached by the keyboard
  });
  const state = EditorState.create({
    doc: text,
    extensions: [
      lineNumbers(),
      EditorView.lineWrapping,
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      highlightActiveLine(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      keymap.of([indentWithTab, ...defaultKeymap, ...historyKeymap]),
      ...(name.endsWith(".py") ? [python()] : []),
      syntaxHighlighting(highlight),
      labels,
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(update.state.doc.toString());
      }),
    ],
  });
  const view = new EditorView({ state, parent });
  return {
    focus: () => view.focus(),
    get text() {
      return view.state.doc.toString();
    },
    // As an edit of its own, so that Ctrl-Z takes it back.
    replace(now) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: now } });
    },
    go(line) {
      const { from } = view.state.doc.line(Math.min(line, view.state.doc.lines));
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
  };
}
