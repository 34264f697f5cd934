// What is wrong with a page, as a list of sentences. It is put into each page beside axe.
const REACHED = "a[href], button, input:not([type=hidden]), select, textarea, summary, audio, video, [tabindex='0']";

// `again`: at another width, where the focus is what it was.
async function everyRule(again) {
  return [...await broken(document), ...wrongParts(), ...tooWide(), ...(again ? [] : unseenFocus())];
}

async function broken(where) {
  const found = await axe.run(where, { resultTypes: ["violations"] });
  return found.violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
}

function wrongParts() {
  const number = (what) => document.querySelectorAll(what).length;
  const charts = number("main img[src*='.svg'], main figure svg");
  return [
    number("h1") === 1 ? "" : `${number("h1")} h1`,
    document.title.endsWith("Takepart") ? "" : "no title",
    charts > number("main table") + number("main ul, main ol") ? `${charts} charts without words` : "",
    number("[onclick], [onerror], [onload], main script, main style, [style]") ? "something inline" : "",
  ].filter(Boolean);
}

function tooWide() {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth > clientWidth ? [`${scrollWidth} px wide`] : [];
}

// Whatever can be used takes the focus, in the order of the page, and shows it.
function unseenFocus() {
  const shown = [...document.querySelectorAll(REACHED)].filter((one) => one.checkVisibility() && !one.disabled);
  return shown.map((one) => {
    const before = looks(one);
    one.focus({ focusVisible: true });
    const wrong = document.activeElement !== one ? "cannot be reached" : looks(one) === before ? "shows no focus" : "";
    const order = one.tabIndex > 0 ? "is out of order" : "";
    one.blur();
    return wrong || order ? `${wrong || order}: ${one.outerHTML.slice(0, 200)}` : "";
  }).filter(Boolean);
}

function looks(one) {
  const parts = [[one], [one.nextElementSibling, "::before"], [one.parentElement]];
  return parts.map(([node, part]) => {
    const style = node && getComputedStyle(node, part);
    if (!style) return "";
    // An outline has a colour also where there is none.
    return [style.outlineStyle === "none" ? "" : style.outline, style.boxShadow, style.backgroundColor].join();
  }).join();
}

// The form of a page that has something to fill in, with nothing in it.
function emptied() {
  const fills = "input[type=text], input[type=date], input[type=time], textarea";
  const form = [...document.querySelectorAll("main form[method=post]")].find((one) => one.querySelector(fills));
  if (!form) return false;
  for (const one of form.querySelectorAll(fills)) one.value = "";
  for (const one of form.querySelectorAll("input[type=radio], input[type=checkbox]")) one.checked = false;
  form.id = "emptied";
  return true;
}

// Whoever made a mistake is led to it.
async function wrongSummary() {
  const summary = document.querySelector(".nhsuk-error-summary");
  if (!summary) return ["no summary of mistakes"];
  const lost = document.activeElement === summary ? [] : ["the summary has not the focus"];
  const mistakes = [".nhsuk-error-summary", ".nhsuk-form-group--error"];
  const wrong = await broken({ include: mistakes.filter((one) => document.querySelector(one)) });
  return lost.concat(wrong, tooWide(), [...summary.querySelectorAll("a")].map((link) => {
    link.click();
    const place = document.querySelector(link.hash);
    return place && place.contains(document.activeElement) ? "" : `${link.innerText}: leads to no field`;
  }).filter(Boolean));
}

window.emptied = emptied;
window.wrongSummary = wrongSummary;
window.everyRule = everyRule;
