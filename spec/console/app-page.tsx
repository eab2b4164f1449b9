/** An app's own page with the parts in it, beside fields that are the app's; `prose.spec.ts` types into both. */
import { createRoot } from 'react-dom/client';
import { Inbox } from '../../lib/parts';
import { HitlProvider } from '../../lib/react';

/** A field of the app's that is no part's: a rich text, and the same in a shadow tree and in a document of its own. */
function OwnFields() {
  return (
    <div>
      {/* biome-ignore lint/a11y/useSemanticElements: what editors are made of */}
      <div id="rich" contentEditable suppressContentEditableWarning role="textbox" tabIndex={0} />
      <div
        id="shadow"
        ref={(host) => {
          if (host && !host.shadowRoot)
            host.attachShadow({ mode: 'open' }).innerHTML = '<div contenteditable id="inner"></div>';
        }}
      />
      <iframe id="frame" title="own" srcDoc="<body contenteditable id=inner></body>" />
      <button type="button" id="own-button">
        The app’s own
      </button>
    </div>
  );
}

const place = document.getElementById('place');
if (place) {
  createRoot(place).render(
    <HitlProvider url="/soc">
      <OwnFields />
      <div className="hitl" style={{ height: 600 }}>
        <Inbox me={{ id: 'alice' }} />
      </div>
    </HitlProvider>,
  );
}
