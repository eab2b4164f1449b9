import { z } from 'zod';
import { whyExplosive } from '../../../lib/hub/kinds/pattern-check';

test.each([
  /^(a+)+$/,
  /^(a|a)*$/,
  /^(a|aa)+$/,
  /(x+x+)+y/,
  /^(\w+\s?)*$/,
  /(\w|\d)+!/,
  /^([A-Z]|[a-z])+$/i,
  /^(\p{L}+\s*)*$/u,
  /(a)(a|\1)+b/,
  /^(?=(a+)+$)/,
  /^(?:a{2,4})*$/,
  /^(a?){30}a{30}$/,
  /^(\d{1,3}){12}$/,
  /^((a+){5}){5}$/,
  /(.*a){20}/,
])('%p can take exponential time', (pattern) => {
  expect(whyExplosive(pattern)).toContain('exponential');
});

test.each([
  /^\d+$/,
  /^T-\d{1,6}$/,
  /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
  /^([a-z]+\.)+[a-z]+$/,
  /^(?:a{4})*$/,
  /^(?:\d{12})*$/,
  /^[A-Z]{2}\d{2}(?: ?\d{4}){3,7}$/,
  /^(?=.*[A-Z])(?=.*\d).+$/,
  /^.*x.*y.*$/,
  /^([a-z]|[0-9])+$/,
  /^[\p{L} ]+$/u,
  /(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}/,
])('%p may be used', (pattern) => {
  expect(whyExplosive(pattern)).toBeUndefined();
});

test.each(
  Object.entries({
    email: z.email(),
    ipv4: z.ipv4(),
    ipv6: z.ipv6(),
    cidr: z.cidrv4(),
    url: z.hostname(),
    uuid: z.uuid(),
    time: z.iso.datetime(),
    duration: z.iso.duration(),
  }),
)("zod's own pattern of %s may be used", (_name, schema) => {
  const { pattern } = schema._zod.def as { pattern?: RegExp };
  expect(pattern && whyExplosive(pattern)).toBeUndefined();
});

test('what is too large to be looked at is refused, and takes no long time', () => {
  const words = Array.from({ length: 3_000 }, (_none, n) => `word${n}`).join('|');
  expect(whyExplosive(new RegExp(`^(?:${words})*$`))).toContain('too large');
});
