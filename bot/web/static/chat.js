// The two phones that write: a Telegram chat with buttons and photos, and a phone that texts.

import { add, el, message, words } from "./dom.js";
import { recorder } from "./recorder.js";
import { send } from "./server.js";

export class Chat {
  constructor(panel, path, sent) {
    this.path = path;
    this.sent = sent;
    this.log = panel.querySelector(".log");
    this.toast = panel.querySelector(".toast");
    this.form = panel.querySelector("form");
    this.text = panel.querySelector("textarea");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.write();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.write();
    });
    this.form.elements.photo?.addEventListener("change", (event) => this.photos(event.target));
    this.form.elements.voice?.addEventListener("change", (event) => this.sound(event.target));
    const button = panel.querySelector(".record");
    if (button) recorder(button, "Record a voice message", (sound) => this.say(sound));
  }

  async write() {
    const text = this.text.value.trim();
    if (text && (await this.post({ text }))) this.text.value = "";
    this.text.focus();
  }

  async photos(input) {
    const caption = this.text.value.trim();
    if (input.files.length && (await this.post({ photo: [...input.files], text: caption }))) this.text.value = "";
    input.value = "";
  }

  async sound(input) {
    if (input.files.length) await this.post({ voice: input.files[0], seconds: 5 });
    input.value = "";
  }

  async say({ blob, seconds }) {
    await this.post({ voice: new File([blob], "voice message", { type: blob.type }), seconds });
  }

  async post(fields) {
    const answer = await send(this.path, fields);
    this.sent();
    return answer;
  }

  async press({ data, text }) {
    const answer = await send(`${this.path}/press`, { data, label: text });
    this.toast.textContent = answer?.toast ?? "";
    this.sent();
  }

  show(post) {
    return add(this.log, message(post.from, ...this.contents(post)));
  }

  contents(post) {
    return [
      ...post.files.map(file),
      ...post.sent.map((name) => words(`You sent ${name}`)),
      post.pressed ? words(`You pressed “${post.text}”`) : text(post),
      post.parts ? words(counted(post), "small") : null,
      post.buttons.length ? this.choices(post.buttons) : null,
    ];
  }

  choices(rows) {
    const buttons = rows.flat().map((one) => {
      const button = el("button", { type: "button", textContent: one.text });
      button.addEventListener("click", () => this.press(one));
      return button;
    });
    return el("div", { className: "choices" }, ...buttons);
  }
}

// A text is shown as its parts carry it.
function text(post) {
  if (!post.text) return null;
  if (!post.parts || post.parts.length === 1) return words(post.text);
  const parts = post.parts.map((part) => el("span", { className: "part", textContent: part }));
  return el("p", { dir: "auto" }, ...parts);
}

function counted({ parts, length }) {
  return `${parts.length === 1 ? "1 part" : `${parts.length} parts`}, ${length} characters`;
}

function file({ kind, url, words: told, name }) {
  if (kind === "photo") return el("img", { src: url, alt: told || "A photo, without a description" });
  if (kind === "voice") return el("audio", { src: url, controls: true, title: told || "A recording" });
  return el("p", {}, el("a", { href: url, textContent: name || told || "A file" }));
}
