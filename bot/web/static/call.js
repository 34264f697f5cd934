// The phone that calls: what is said, the keys, and what the call waits for.

import { aloud } from "./aloud.js";
import { add, el, message, note, reveal, words } from "./dom.js";
import { recorder } from "./recorder.js";
import { send } from "./server.js";

const IDLE = "Nobody is on the phone.";
const RINGING = "Your phone is ringing. It is Takepart.";
const RINGS = 60000;
const STATES = {
  keys: "You are on the phone. Press a key, or say a word.",
  recording: "You are on the phone. It listens to you now.",
  person: "You are being put through to a person.",
};

export class Call {
  constructor(panel) {
    this.panel = panel;
    this.find = (selector) => panel.querySelector(selector);
    this.log = this.find(".log");
    this.voice = aloud(this.find(".aloud"));
    this.sound = recorder(this.find(".record"), "Record with the microphone", (sound) => this.speak(sound, "#"));
    this.idle();
    this.listen();
  }

  listen() {
    const on = (selector, kind, does) => this.find(selector).addEventListener(kind, does);
    on(".ring", "click", () => this.begin());
    on(".hang-up", "click", () => this.hangUp());
    on(".wait", "click", () => this.silent());
    on(".keypad", "click", (event) => event.target.dataset.key && this.press(event.target.dataset.key));
    on(".person-panel", "click", (event) => this.dialled(event.target.dataset.dialled));
    on(".speak", "submit", (event) => this.say(event));
    on("input[type=file]", "change", (event) => this.choose(event.target));
    this.panel.addEventListener("keydown", (event) => {
      const typing = event.target.matches("input:not([type=checkbox])");
      if (!typing && /^[0-9*#]$/.test(event.key) && this.wait) this.press(event.key);
    });
    // Leaving the page is hanging up.
    window.addEventListener("pagehide", () => this.call && send("call/end", this.mine(), { keepalive: true }));
  }

  // We ring: there is a message for them.
  show(post) {
    if (!post.ringing || this.call || this.busy) return null;
    this.outbox = post.outbox;
    this.state(RINGING);
    this.find(".ring").textContent = "Answer";
    this.find(".ring").classList.add("ringing");
    this.find(".hang-up").hidden = false;
    this.find(".hang-up").textContent = "Do not answer";
    this.missed = setTimeout(() => this.end(), RINGS);
    return this.find(".ring");
  }

  async begin() {
    clearTimeout(this.missed);
    this.log.replaceChildren(note(this.outbox ? "You answer the phone." : "You ring Takepart."));
    await this.do({ outbox: this.outbox }, "");
    if (this.wait) this.find("[data-key='1']").focus();
  }

  async press(key) {
    if (!this.wait || this.busy) return;
    this.voice.hush();
    if (this.wait.what === "recording") return this.endRecording(key);
    if (this.wait.what !== "keys") return;
    const ends = key === this.wait.finish;
    this.typed += ends && this.typed ? "" : key;
    this.find(".typed").textContent = this.typed;
    if (ends || this.typed.length === this.wait.digits) await this.keyed();
  }

  keyed() {
    const keys = this.typed;
    return this.do({ action: this.wait.action, keys }, `You press ${keys}`);
  }

  async endRecording(key) {
    if (this.sound.running) this.sound.stop((sound) => this.speak(sound, key));
    else await this.silent();
  }

  silent() {
    if (!this.wait || this.busy) return null;
    if (this.typed) return this.keyed();
    if (!this.wait.otherwise) return this.end();
    return this.do({ action: this.wait.otherwise }, "You say nothing.");
  }

  async say(event) {
    event.preventDefault();
    const speech = event.target.elements.speech.value.trim();
    if (!speech || !this.wait) return;
    event.target.elements.speech.value = "";
    await this.do({ action: this.wait.action, speech }, `You say: ${speech}`);
  }

  speak({ blob, seconds }, keys) {
    const recording = new File([blob], "recording", { type: blob.type });
    return this.do({ action: this.wait.action, recording, seconds, keys }, "You speak.");
  }

  async choose(input) {
    const [blob] = input.files;
    if (blob) await this.speak({ blob, seconds: await length(blob) }, "#");
    input.value = "";
  }

  dialled(dialled) {
    return dialled && this.do({ action: this.wait.action, dialled }, "");
  }

  // One step: what the caller does, and what is heard then.
  async do(fields, told) {
    if (this.busy) return;
    this.busy = true;
    this.voice.hush();
    const first = told ? add(this.log, message("you", words(told))) : this.log.lastChild;
    const answer = await send("call", { ...this.mine(), ...fields });
    this.busy = false;
    if (!answer) return;
    this.call = answer.call;
    answer.heard.forEach((one) => this.hear(one));
    reveal(this.log, first);
    if (answer.wait.what === "over") await this.end();
    else this.waitFor(answer.wait);
  }

  hear(one) {
    if (one.kind === "recording") {
      add(this.log, message("takepart", el("audio", { src: one.url, controls: true, title: "A recording" })));
    } else {
      add(this.log, message("takepart", words(one.kind === "tone" ? "(a tone)" : one.text)));
      if (one.kind === "words") this.voice.say(one);
    }
  }

  waitFor(wait) {
    this.wait = wait;
    this.typed = "";
    this.find(".typed").textContent = "none";
    this.state(STATES[wait.what]);
    this.find(".during").hidden = false;
    this.find(".record-panel").hidden = wait.what !== "recording";
    this.find(".person-panel").hidden = wait.what !== "person";
    this.find(".speak").hidden = !wait.speech;
    this.find(".ring").hidden = true;
    this.find(".hang-up").hidden = false;
    this.find(".hang-up").textContent = "Hang up";
  }

  async hangUp() {
    if (this.busy) return;
    if (this.sound.running) {
      this.sound.stop(({ blob, seconds }) => {
        const recording = new File([blob], "recording", { type: blob.type });
        this.end({ action: this.wait.action, recording, seconds });
      });
    } else await this.end();
  }

  // The call is over: they hung up or we did, or nobody took it.
  async end(fields = {}) {
    const ours = this.mine();
    add(this.log, note(ours.call ? "The call is over." : "You did not answer."));
    this.idle();
    this.find(".ring").focus();
    await send("call/end", { ...ours, ...fields });
  }

  idle() {
    clearTimeout(this.missed);
    this.call = this.outbox = this.typed = "";
    this.wait = null;
    this.busy = false;
    this.state(IDLE);
    this.find(".ring").hidden = false;
    this.find(".ring").textContent = "Ring Takepart";
    this.find(".ring").classList.remove("ringing");
    this.find(".hang-up").hidden = true;
    this.find(".during").hidden = true;
  }

  mine() {
    return { call: this.call, outbox: this.outbox };
  }

  state(sentence) {
    this.find(".state").textContent = sentence;
  }
}

// How long a recording is, in whole seconds; 5 where the browser cannot tell.
function length(blob) {
  return new Promise((resolve) => {
    const sound = new Audio(URL.createObjectURL(blob));
    const tell = () => resolve(Number.isFinite(sound.duration) ? Math.max(1, Math.round(sound.duration)) : 5);
    sound.addEventListener("loadedmetadata", tell);
    sound.addEventListener("error", () => resolve(5));
  });
}
