/** The key that does what the button does, for those who look; a screen reader has the button's name. */
export function Key({ children }: { children: string }) {
  return (
    <span className="hitl-key" aria-hidden="true">
      {children}
    </span>
  );
}
