import { z } from 'zod';

const kinds: Readonly<Record<string, string>> = {
  string: 'a text in quotes',
  number: 'a number without quotes',
  int: 'a whole number',
  boolean: 'true or false, without quotes',
  array: 'a list: [...]',
  object: 'an object: {...}',
};

/** What is wrong with a field and what would be right, in the words of whoever edits the file. */
export const problemOf: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      return `must ${issue.origin === 'array' ? 'have at least one entry' : `be at least ${issue.minimum}`}`;
    case 'too_big':
      if (issue.origin === 'string') return `must have at most ${issue.maximum} characters`;
      return `must ${issue.origin === 'array' ? 'have' : 'be'} at most ${issue.maximum}${issue.origin === 'array' ? ' entries' : ''}`;
    case 'unrecognized_keys': {
      const { inst } = issue;
      const known = inst instanceof z.ZodObject ? `; it knows ${Object.keys(inst.shape).join(', ')}` : '';
      return `has no field ${issue.keys.join(', ')}${known}`;
    }
    default:
      return undefined;
  }
};
