/** One seed for every property and every walk by chance of the suite, so that a run can be had again; `FAST_CHECK_SEED` looks elsewhere. Specs with either import it. */
import fc from 'fast-check';

export const seed = Number(process.env.FAST_CHECK_SEED ?? 20_260_101);

fc.configureGlobal({ seed });
