// Which library runs the tasks and what of the machine it uses, with a link to the same page on the other library.
import {useEffect, useState} from 'preact/hooks';
import {capabilitiesOf} from './introspection.ts';
import {loadRuntime, pageLibrary} from './runtime.ts';

export function LibraryBadge() {
  const [found, setFound] = useState<ReturnType<typeof capabilitiesOf>>();
  useEffect(() => {
    loadRuntime(pageLibrary).then(
      (runtime) => setFound(capabilitiesOf(runtime)),
      () => undefined, // the task that is started next shows the error
    );
  }, []);
  const other = pageLibrary === 'webinfer' ? 'onnxruntime-web' : 'webinfer';
  const href = other === 'webinfer' ? location.pathname : '?library=onnxruntime-web';
  return (
    <div class="badge" title={found?.reasons}>
      <span>
        <strong>{pageLibrary}</strong>
        {found && `: ${found.text}`}
      </span>
      <a href={href + location.hash}>try {other}</a>
    </div>
  );
}
