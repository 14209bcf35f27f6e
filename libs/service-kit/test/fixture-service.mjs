// A built service of nothing but the kit, to be signalled. FIXTURE_HANGS: its release never ends; FIXTURE_FAILS: it fails once it is asked to.
import 'reflect-metadata';
import { Inject, Module } from '@nestjs/common';
import { commonSettings, LIFECYCLE, runService } from '../dist/index.js';

class FixtureModule {
  constructor(lifecycle) {
    lifecycle.onRelease('resource', () => (process.env.FIXTURE_HANGS === undefined ? undefined : new Promise(() => {})));
    if (process.env.FIXTURE_FAILS !== undefined) process.on('SIGUSR2', () => lifecycle.fail(new Error('consumer crashed')));
  }
}
Inject(LIFECYCLE)(FixtureModule, undefined, 0);
Module({})(FixtureModule);

await runService({ name: 'fixture', settings: commonSettings(0), module: FixtureModule });
