// What the page asks of the service.

import { trouble } from "./dom.js";

const AWAY = "Takepart does not answer. Is it still running? Trying again.";

export async function send(path, fields, options = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, one);
  }
  try {
    const answer = await fetch(`/practice/${path}`, { method: "POST", body: form, ...options });
    const found = await answer.json();
    trouble(found.error ?? "");
    return answer.ok ? found : null;
  } catch {
    trouble(AWAY);
    return null;
  }
}

export async function posts(after) {
  try {
    const answer = await fetch(`/practice/posts?after=${encodeURIComponent(after)}`);
    const found = await answer.json();
    if (document.querySelector("#trouble").textContent === AWAY) trouble("");
    if (found.error) trouble(found.error);
    return found.posts ?? [];
  } catch {
    trouble(AWAY);
    return [];
  }
}
