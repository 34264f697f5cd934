// Records from the microphone: press once to begin, again to end.

import { trouble } from "./dom.js";

const NO_MICROPHONE = "The microphone cannot be used here. You can choose a recording instead.";

export function recorder(button, label, done) {
  const state = { media: null, done };
  button.addEventListener("click", () => (state.media ? stop(state) : start(state, button, label)));
  return {
    get running() {
      return state.media !== null;
    },
    // End it now; what was recorded goes to `then` instead.
    stop(then) {
      if (then) state.then = then;
      stop(state);
    },
  };
}

async function start(state, button, label) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    trouble(NO_MICROPHONE);
    return;
  }
  const began = Date.now();
  const pieces = [];
  state.media = new MediaRecorder(stream);
  state.media.addEventListener("dataavailable", (event) => pieces.push(event.data));
  state.media.addEventListener("stop", () => {
    for (const track of stream.getTracks()) track.stop();
    const blob = new Blob(pieces, { type: state.media.mimeType });
    const then = state.then ?? state.done;
    state.media = state.then = null;
    button.setAttribute("aria-pressed", "false");
    button.textContent = label;
    then({ blob, seconds: Math.max(1, Math.round((Date.now() - began) / 1000)) });
  });
  state.media.start();
  button.setAttribute("aria-pressed", "true");
  button.textContent = "Stop and send";
}

function stop(state) {
  if (state.media?.state === "recording") state.media.stop();
}
