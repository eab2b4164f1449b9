/** One seed for every property of the suite, so that a run can be had again; `FAST_CHECK_SEED` looks elsewhere. Specs with properties import it. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20_260_101) });
