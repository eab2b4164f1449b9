/** What stands below a list that is read page by page: that it is empty, that it is being read, what went wrong, or how to read on. */
import { texts } from '../parts/texts';
import type { Pages } from './pages';

interface ListEndProps {
  list: Pick<Pages<unknown>, 'items' | 'state' | 'error' | 'loadMore'>;
  /** What is said of an empty one. */
  nothing: string;
  /** Whether it is said that the list is being read. */
  isLoading: boolean;
}

export function ListEnd({ list: { items, state, error, loadMore }, nothing, isLoading }: ListEndProps) {
  return (
    <>
      {state === 'whole' && items.length === 0 && <p className="hitl-nothing">{nothing}</p>}
      {isLoading && <p className="hitl-nothing">{texts.loading}</p>}
      {error && <p className="hitl-problem">{texts.errors[error.code] ?? error.message}</p>}
      {state === 'more' && (
        <button type="button" className="hitl-button" onClick={loadMore}>
          {error ? texts.tryAgain : texts.loadMore}
        </button>
      )}
    </>
  );
}
