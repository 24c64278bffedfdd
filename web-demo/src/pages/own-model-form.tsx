// A model's inputs as a form, and its outputs with their symbolic dimensions.
import type {Session} from '../app/runtime.ts';
import {dimsOf, FILLS, type Fill, type InputForm, type ModelForm} from '../tasks/own-model/inputs.ts';

interface InputsFormProps {
  form: ModelForm;
  outputs: readonly Session.ValueMetadata[];
  onChange: (form: ModelForm) => void;
}

export function InputsForm({form, outputs, onChange}: InputsFormProps) {
  const change = (index: number, part: Partial<InputForm>) =>
    onChange({...form, inputs: form.inputs.map((input, i) => (i === index ? {...input, ...part} : input))});
  const symbols = Object.keys(form.sizes);
  return (
    <div class="columns">
      <div>
        <h2>Inputs</h2>
        <table>
          <thead>
            <tr>
              <th>name</th>
              <th>type</th>
              <th>shape</th>
              <th>filled with</th>
            </tr>
          </thead>
          <tbody>
            {form.inputs.map((input, i) => (
              <tr key={input.name}>
                <td>{input.name}</td>
                <td>{input.type}</td>
                <td>
                  <Shape shape={input.dims} />{' '}
                  {input.dims.some((d) => typeof d === 'string') && (
                    <small>= {dimsOf(input, form.sizes).join('×')}</small>
                  )}
                </td>
                <td class="fill">
                  <select
                    aria-label={`Fill of ${input.name}`}
                    value={input.fill}
                    onChange={(event) => change(i, {fill: event.currentTarget.value as Fill})}
                  >
                    {Object.entries(FILLS).map(([fill, text]) => (
                      <option key={fill} value={fill}>
                        {text}
                      </option>
                    ))}
                  </select>
                  {(input.fill === 'value' || input.fill === 'int') && (
                    <input
                      type="number"
                      aria-label={input.fill === 'value' ? `Value of ${input.name}` : `Largest value of ${input.name}`}
                      value={input.max}
                      onInput={(event) => change(i, {max: Number(event.currentTarget.value)})}
                    />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {symbols.length > 0 && (
          <div class="sizes">
            {symbols.map((symbol) => (
              <label key={symbol}>
                <code>{symbol}</code>
                <input
                  type="number"
                  min={0}
                  value={form.sizes[symbol]}
                  onInput={(event) =>
                    onChange({...form, sizes: {...form.sizes, [symbol]: Number(event.currentTarget.value)}})
                  }
                />
              </label>
            ))}
          </div>
        )}
      </div>
      <div>
        <h2>Outputs</h2>
        <table>
          <thead>
            <tr>
              <th>name</th>
              <th>type</th>
              <th>shape</th>
            </tr>
          </thead>
          <tbody>
            {outputs.map((output) => (
              <tr key={output.name}>
                <td>{output.name}</td>
                <td>{output.isTensor ? output.type : 'not a tensor'}</td>
                <td>{output.isTensor && <Shape shape={output.shape} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** Dimensions, the symbolic ones set apart. */
function Shape({shape}: {shape: readonly (number | string)[]}) {
  if (shape.length === 0) return <span>scalar</span>;
  return (
    <span class="shape">
      {shape.map((dim, i) => (
        <span key={i}>
          {i > 0 && ' × '}
          {typeof dim === 'number' && dim >= 0 ? dim : <em>{dim === '' || typeof dim === 'number' ? '?' : dim}</em>}
        </span>
      ))}
    </span>
  );
}
