/** A strict reader of the XML that the chart specs judge: what a browser would refuse, it refuses. */

/** An element with what is in it. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  /** Its own text, without that of its children. */
  text: string;
}

const token =
  /<!--(?<comment>[\s\S]*?)-->|<\/(?<close>[\w:-]+)>|<(?<open>[\w:-]+)(?<attributes>(?:\s+[\w:-]+="[^"<]*")*)\s*(?<empty>\/?)>|(?<text>[^<]+)/y;

/**
 * Reads one document.
 * @throws Error at the first thing that is not well-formed
 */
export function readXml(source: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open: Element[] = [root];
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const groups = token.exec(source)?.groups;
    const parent = open.at(-1);
    if (!groups || !parent) throw new Error(`Not well-formed: ${source.slice(at, at + 60)}`);
    if (groups.text !== undefined) parent.text += decoded(groups.text);
    else if (groups.close !== undefined) {
      if (parent.name !== groups.close) throw new Error(`</${groups.close}> closes <${parent.name}>`);
      open.pop();
    } else if (groups.open !== undefined) {
      const element: Element = {
        name: groups.open,
        attributes: attributesOf(groups.attributes ?? ''),
        children: [],
        text: '',
      };
      parent.children.push(element);
      if (groups.empty === '') open.push(element);
    }
  }
  const [document, ...others] = root.children;
  if (open.length !== 1 || !document || others.length > 0 || root.text.trim() !== '')
    throw new Error('Not one closed document');
  return document;
}

/** An element and all below it. */
export function all(element: Element): Element[] {
  return [element, ...element.children.flatMap(all)];
}

function attributesOf(source: string): Record<string, string> {
  const found = [...source.matchAll(/([\w:-]+)="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, decoded(value)] as const,
  );
  if (new Set(found.map(([name]) => name)).size !== found.length)
    throw new Error(`An attribute twice:${source}`);
  return Object.fromEntries(found);
}

function decoded(text: string): string {
  return text.replace(/&(#\d+;)?/g, (_match, code: string | undefined) => {
    if (code === undefined) throw new Error(`A bare ampersand: ${text}`);
    return String.fromCharCode(Number(code.slice(1, -1)));
  });
}
