import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { MinuteSeries } from './shop.state.js';

interface SalesChartProps {
  readonly series: MinuteSeries;
  /** Text of a value at the axis. */
  readonly axis: (value: number) => string;
  /** Text of a value in full. */
  readonly value: (value: number) => string;
  readonly minute: (epochMs: number) => string;
  /** Called with the start of a minute whose number is to be explained, ms. */
  readonly onExplain: (start: number) => void;
}

/** Bars, one a minute; the last, still filling, is lighter. */
export function SalesChart({ series, axis, value, minute, onExplain }: SalesChartProps): VNode {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const texts = useRef({ axis, minute });
  texts.current = { axis, minute };
  const [hovered, setHovered] = useState<number | null>(null);
  const { starts, values } = series;

  useEffect(() => {
    const box = host.current;
    if (box === null) return undefined;
    const build = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(box, texts, setHovered), [[], [], []], box);
    };
    build();
    const resized = new ResizeObserver(() => { plot.current?.setSize(sizeOf(box)); });
    resized.observe(box);
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', build);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', build);
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  // No dependencies: a chart rebuilt for another color scheme is filled by the next tick of the clock.
  useEffect(() => {
    const last = values.length - 1;
    plot.current?.setData([
      starts.map((start) => start / 1000),
      values.map((minute, index) => (index === last ? null : minute)),
      values.map((minute, index) => (index === last ? minute : null)),
    ]);
  });

  const shown = hovered === null || hovered >= values.length ? values.length - 2 : hovered;
  const at = starts[shown];
  const amount = values[shown] ?? 0;
  const explain = (): void => { if (at !== undefined && amount !== 0) onExplain(at); };
  return (
    <figure class="chart">
      <figcaption class="chart-caption">
        {at !== undefined && <><span class="muted">{minute(at)}</span> <strong>{amount === 0 ? value(0) : <button type="button" class="number" aria-haspopup="dialog" title="Explain this number" onClick={explain}>{value(amount)}</button>}</strong></>}
      </figcaption>
      <div class="chart-canvas" ref={host} onClick={explain} role="img" aria-label="Sales per minute as bars; the same numbers are under Table." />
    </figure>
  );
}

const sizeOf = (box: HTMLElement): { width: number; height: number } => ({ width: Math.max(120, box.clientWidth), height: Math.max(100, box.clientHeight) });

interface Texts {
  readonly current: { readonly axis: (value: number) => string; readonly minute: (epochMs: number) => string };
}

function options(box: HTMLElement, texts: Texts, onHover: (index: number | null) => void): uPlot.Options {
  const style = getComputedStyle(box);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const font = `${String(Math.round(parseFloat(style.fontSize) * 0.78))}px ${style.fontFamily}`;
  const bars = uPlot.paths.bars?.({ size: [0.72, 24], radius: [0.3, 0], align: 1 });
  const series = (fill: string): uPlot.Series => ({ ...(bars === undefined ? {} : { paths: bars }), points: { show: false }, fill, width: 0 });
  return {
    ...sizeOf(box),
    // At the right there is room for half of the last minute's label.
    padding: [8, Math.round(parseFloat(style.fontSize)), 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    // The last bar begins where the data end, and is a minute wide.
    scales: { x: { time: true, range: (_, min, max) => [min, max + 60] }, y: { range: (_, __, max) => [0, Math.max(1, max) * 1.06] } },
    axes: [
      { stroke: color('--muted'), font, grid: { show: false }, ticks: { show: false }, space: 70, size: Math.round(parseFloat(style.fontSize) * 1.7), gap: 6, values: (_, splits) => splits.map((split) => texts.current.minute(split * 1000)) },
      { stroke: color('--muted'), font, grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, size: Math.round(parseFloat(style.fontSize) * 3.2), gap: 8, space: 44, values: (_, splits) => splits.map((split) => texts.current.axis(split)) },
    ],
    series: [{}, series(color('--bar')), series(color('--bar-open'))],
    hooks: { setCursor: [(chart) => { onHover(chart.cursor.idx ?? null); }] },
  };
}
