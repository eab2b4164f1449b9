/** Starts the console in its page; Vite begins the bundle here. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '../parts/parts.css';
import './console.css';
import { keySettings } from '../parts/keys';
import { HitlProvider } from '../react';
import { mount } from './mount';
import { Shell } from './shell';

keySettings.ownPage = true;
const place = document.getElementById('console');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <HitlProvider url={mount}>
        <Shell />
      </HitlProvider>
    </StrictMode>,
  );
}
