// Buttons and drop areas that hand over a file.
import type {ComponentChildren} from 'preact';
import {useState} from 'preact/hooks';

interface FileButtonProps {
  accept: string;
  onFile: (file: File) => void;
  children: ComponentChildren;
}

export function FileButton({accept, onFile, children}: FileButtonProps) {
  return (
    <label class="button">
      {children}
      <input
        type="file"
        accept={accept}
        hidden
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = '';
          if (file) onFile(file);
        }}
      />
    </label>
  );
}

/** Takes a file that is dropped on its children. */
export function DropArea({onFile, children}: {onFile: (file: File) => void; children: ComponentChildren}) {
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a drop target; the same file can be chosen with a button
    <div
      class={over ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file) onFile(file);
      }}
    >
      {children}
    </div>
  );
}

export const milliseconds = (ms: number) =>
  ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
