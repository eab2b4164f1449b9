/** What the type tests say of a type; nothing of it runs. */

/** Whether two types are the same, `any` and optional fields told apart. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Flat<T> = T extends object
  ? T extends (...args: never[]) => unknown
    ? T
    : { [P in keyof T]: T[P] }
  : T;

interface Expectation<T> {
  /** The types are the same, however they are written. */
  toEqualTypeOf<U>(
    ...same: Same<T, U> extends true ? [] : Same<Flat<T>, Flat<U>> extends true ? [] : [T, U]
  ): void;
  /** The type may be used where the other is asked for. */
  toExtend<U>(...extending: [T] extends [U] ? [] : [T, U]): void;
}

export declare function expectTypeOf<T>(): Expectation<T>;
export declare function expectTypeOf<T>(value: T): Expectation<T>;
