import { Fragment, type ComponentChildren } from 'preact';

/** Breaks after its dots and underscores where there is no room. */
export function breakable(name: string): ComponentChildren {
  return name.split(/(?<=[._])/).map((part, index) => <Fragment key={index}>{part}<wbr /></Fragment>);
}
