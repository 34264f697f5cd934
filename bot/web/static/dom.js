// Small helpers for making and showing elements. Words are always set as text, never as markup.

export function el(tag, props = {}, ...children) {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function add(log, message) {
  log.append(message);
  return message;
}

// What is new is read from its beginning, so that comes to the top.
export function reveal(log, first) {
  if (log.contains(first)) log.scrollTop = first.offsetTop - log.offsetTop - 12;
}

export function message(from, ...children) {
  const who = from === "you" ? "You: " : "Takepart: ";
  return el("div", { className: `message ${from}` }, el("span", { className: "hidden", textContent: who }), ...children);
}

export function words(text, className = "") {
  return el("p", { textContent: text, className, dir: "auto" });
}

export function note(text) {
  return el("div", { className: "message note" }, words(text));
}

// One place says what went wrong, so that it is heard once.
export function trouble(sentence) {
  document.querySelector("#trouble").textContent = sentence;
}
