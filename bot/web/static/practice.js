// The practice phone: three phones to choose from, and what arrives on them.

import { Call } from "./call.js";
import { Chat } from "./chat.js";
import { reveal } from "./dom.js";
import { posts } from "./server.js";

const SOON = 150;
const NOW_AND_THEN = 1000;
const LIVELY = 4000; // so long after something was sent, answers are looked for often

const tabs = [...document.querySelectorAll("[role=tab]")];
const panel = (name) => document.querySelector(`#${name}`);
let cursor = "";
let lively = 0;
let timer = 0;

const phones = {
  telegram: new Chat(panel("telegram"), "telegram", sent),
  sms: new Chat(panel("sms"), "sms", sent),
  call: new Call(panel("call")),
};

function choose(tab) {
  for (const one of tabs) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
    panel(one.getAttribute("aria-controls")).hidden = !chosen;
  }
  tab.querySelector(".news").textContent = "";
  const log = panel(tab.getAttribute("aria-controls")).querySelector(".log");
  log.scrollTop = log.scrollHeight;
}

for (const [at, tab] of tabs.entries()) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -at, End: tabs.length - 1 - at }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = tabs[(at + step + tabs.length) % tabs.length];
    choose(next);
    next.focus();
  });
}

function sent() {
  lively = Date.now() + LIVELY;
  clearTimeout(timer);
  look();
}

async function look() {
  const first = cursor === "";
  const begins = new Map(); // the first new message on each phone
  for (const post of await posts(cursor)) {
    if (post.id <= cursor) continue; // two looks may overlap
    cursor = post.id;
    const shown = phones[post.phone].show(post);
    if (!shown) continue;
    if (first || !begins.has(post.phone)) begins.set(post.phone, shown);
    if (post.phone === "call" || (!first && post.from !== "you")) tell(post.phone);
  }
  for (const [name, shown] of begins) reveal(phones[name].log, shown);
  clearTimeout(timer);
  timer = setTimeout(look, Date.now() < lively ? SOON : NOW_AND_THEN);
}

// Something came on a phone that is not being looked at.
function tell(name) {
  const tab = document.querySelector(`#tab-${name}`);
  if (tab.getAttribute("aria-selected") === "true") return;
  const told = name === "call" ? "ringing" : "new";
  tab.querySelector(".news").textContent = `(${told})`;
  document.querySelector("#news").textContent =
    name === "call" ? "Your phone is ringing. Open the tab Call." : "There is a new message in the other tab.";
}

look();
