/** Starts the console in its page; Vite begins the bundle here. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './console.css';

const place = document.getElementById('console');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <main>
        <h1>Inbox</h1>
      </main>
    </StrictMode>,
  );
}
