/** The picture of a machine, and what is marked on it; the page has one. */
export class Chart {
  #object;
  #machine;
  #isFit = false;

  constructor(object) {
    this.#object = object;
  }

  /** Shows the chart of a machine; resolves when it is there. */
  async show(machine) {
    if (this.#machine === machine) return;
    const loaded = new Promise((resolve, reject) => {
      this.#object.onload = resolve;
      this.#object.onerror = () => reject(new Error(`There is no chart of ${machine}`));
    });
    this.#object.data = `machines/${machine}.svg`;
    this.#object.hidden = false;
    await loaded;
    this.#machine = machine;
    // Otherwise the browser puts white paper behind a picture that is dark.
    this.#svg.style.colorScheme = 'light dark';
    this.#natural = { width: this.#svg.getAttribute('width'), height: this.#svg.getAttribute('height') };
    this.#resize();
  }

  /** Marks the states that are active, outermost first, and the transitions that led there, by their ids; and shows them. */
  mark(states, transitions) {
    const picture = this.#object.contentDocument;
    if (!picture) return;
    for (const each of picture.querySelectorAll('.active')) each.classList.remove('active');
    for (const id of states) picture.getElementById(id)?.classList.add('active');
    for (const id of transitions) {
      for (const each of picture.querySelectorAll(`[data-transition~="${CSS.escape(id)}"]`)) {
        each.classList.add('active');
      }
    }
    this.#reveal(picture.getElementById(states.at(-1) ?? ''));
  }

  #reveal(state) {
    const paper = this.#object.parentElement;
    const [seen, wanted] = [paper.getBoundingClientRect(), state?.getBoundingClientRect()];
    if (!wanted || this.#isFit) return;
    const { offsetLeft, offsetTop } = this.#object;
    paper.scrollTo({
      left: offsetLeft - paper.offsetLeft + wanted.left + wanted.width / 2 - seen.width / 2,
      top: offsetTop - paper.offsetTop + wanted.top + wanted.height / 2 - seen.height / 2,
    });
  }

  /** Whether it is now as large as the window, or as drawn. */
  toggleFit() {
    this.#isFit = !this.#isFit;
    this.#resize();
    return this.#isFit;
  }

  #natural = {};

  get #svg() {
    return this.#object.contentDocument.documentElement;
  }

  #resize() {
    this.#object.classList.toggle('fit', this.#isFit);
    const { width, height } = this.#isFit ? { width: '100%', height: '100%' } : this.#natural;
    this.#svg.setAttribute('width', width);
    this.#svg.setAttribute('height', height);
    this.#object.width = this.#isFit ? '' : width;
    this.#object.height = this.#isFit ? '' : height;
  }
}
