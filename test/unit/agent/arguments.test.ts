import { readArguments } from '../../../agent/arguments.ts';

test.each([
  [['--config', 'a.json'], { kind: 'run', config: 'a.json' }],
  [['-c', 'a.json', '--check'], { kind: 'check', config: 'a.json' }],
  [['--config=a.json'], { kind: 'run', config: 'a.json' }],
  [['--help'], { kind: 'help' }],
  [['-h', '--config', 'a.json'], { kind: 'help' }],
  [['--version'], { kind: 'version' }],
  [[], { kind: 'misuse', why: '--config FILE is missing' }],
  [['--config', ''], { kind: 'misuse', why: '--config FILE is missing' }],
])('%j', (argv, asked) => {
  expect(readArguments(argv)).toEqual(asked);
});

test.each([[['--config']], [['a.json']], [['--config', 'a', '--daemon']], [['--check', 'a.json']]])(
  '%j is misuse',
  (argv) => {
    expect(readArguments(argv)).toMatchObject({ kind: 'misuse', why: expect.stringMatching(/./) });
  },
);
