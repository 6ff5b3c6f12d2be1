// What breaks a rule of accessibility on the page that is shown, element by element. Needs axe-core on the page.

const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
const light = (colour) => {
  const [red, green, blue] = channels(colour).map((part) => linear(part / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (element) => {
  const colour = element ? getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
  return (channels(colour)[3] ?? 1) === 1 ? colour : behind(element.parentElement);
};

// The contrast of a text as WCAG 2.2 defines it. axe-core cannot decide on text in a picture, nor on text beside a radio
// button, whose circle is drawn with the text.
const contrast = (target) => {
  const text = document.querySelector(target);
  const style = getComputedStyle(text);
  const colours = [text instanceof SVGElement ? style.fill : style.color, behind(text)];
  const [dark, bright] = colours.map(light).sort((one, other) => one - other);
  return (bright + 0.05) / (dark + 0.05);
};

window.faultsOfAccessibility = async () => {
  const found = await axe.run({ resultTypes: ["violations", "incomplete"] });
  const told = (rule) => rule.nodes.map((node) => ({ id: rule.id, html: node.html.slice(0, 200), target: node.target[0] }));
  const undecided = found.incomplete.flatMap(told);
  const wrong = undecided.filter((each) => each.id !== "color-contrast" || contrast(each.target) < 4.5);
  return [...found.violations.flatMap(told), ...wrong].map((each) => `${each.id}: ${each.html}`);
};
