// Reads aloud what is said in a call, with the browser's own voice; a key stops it, as on a real phone.

export function aloud(box) {
  const voice = window.speechSynthesis;
  if (!voice) box.closest("label").hidden = true;
  box.addEventListener("change", () => box.checked || voice?.cancel());
  return {
    say({ text, language, slower }) {
      if (!box.checked || !voice) return;
      const spoken = new SpeechSynthesisUtterance(text);
      spoken.lang = language || "en-GB";
      spoken.rate = slower ? 0.8 : 1;
      voice.speak(spoken);
    },
    hush() {
      voice?.cancel();
    },
  };
}
