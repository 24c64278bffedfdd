// The page: a header, one tab per task, and the task that the address names.
import {useEffect, useState} from 'preact/hooks';
import {OwnModelPage} from '../pages/own-model.tsx';
import {SpeechPage} from '../pages/speech.tsx';
import {TextPage} from '../pages/text.tsx';
import {WakeWordPage} from '../pages/wake-word.tsx';
import {LibraryBadge} from './library-badge.tsx';

const TABS = [
  {id: 'text', title: 'Read text', Page: TextPage},
  {id: 'speech', title: 'Find speech', Page: SpeechPage},
  {id: 'wake-word', title: 'Wake word', Page: WakeWordPage},
  {id: 'own-model', title: 'Your model', Page: OwnModelPage},
] as const;

const currentTab = () => TABS.find(({id}) => `#${id}` === location.hash) ?? TABS[0];

export function App() {
  const [tab, setTab] = useState(currentTab);
  useEffect(() => {
    const follow = () => setTab(currentTab());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return (
    <>
      <header class="top">
        <a class="brand" href="#text">
          <img src="favicon.svg" alt="" width="30" height="30" />
          webinfer
        </a>
        <nav aria-label="Tasks">
          {TABS.map(({id, title}) => (
            <a key={id} href={`#${id}`} aria-current={tab.id === id ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <LibraryBadge />
      </header>
      <main key={tab.id}>
        <tab.Page />
      </main>
      <footer class="bottom">
        Everything runs in this page. Pictures, recordings and models never leave your machine.
      </footer>
    </>
  );
}
