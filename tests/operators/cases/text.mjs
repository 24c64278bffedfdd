// Text.
const words = (dims, ...values) => ({dims, values});

export const cases = [
  {
    op: 'StringConcat',
    inputs: [words([2, 1], 'a', 'Zü'), words([3], '', 'b', '日')],
    expected: () => [{dims: [2, 3], values: ['a', 'ab', 'a日', 'Zü', 'Züb', 'Zü日']}],
  },
  {
    op: 'StringNormalizer',
    inputs: [words([3], 'Monday', 'TUESDAY', 'is')],
    attributes: {case_change_action: 'LOWER', is_case_sensitive: 1, stopwords: {strings: ['is']}},
    expected: () => [{dims: [2], values: ['monday', 'tuesday']}],
  },
  {
    op: 'StringSplit',
    inputs: [words([2], 'a,b', 'c')],
    attributes: {delimiter: ','},
    expected: () => [
      {dims: [2, 2], values: ['a', 'b', 'c', '']},
      {dims: [2], values: [2, 1]},
    ],
  },
  {
    op: 'RegexFullMatch',
    inputs: [words([3], 'www.a.org', 'b.com', '')],
    attributes: {pattern: '(\\w+\\.)*org'},
    expected: () => [{dims: [3], values: [1, 0, 0]}],
  },
  {
    op: 'TfIdfVectorizer',
    inputs: ({T}) => [{dims: [6], values: T === 'string' ? ['b', 'a', 'b', 'c', 'a', 'b'] : [2, 1, 2, 3, 1, 2]}],
    attributes: ({T}) => ({
      mode: 'TFIDF',
      min_gram_length: 1,
      max_gram_length: 2,
      max_skip_count: 0,
      ngram_counts: [0, 2],
      ngram_indexes: [0, 1, 2, 3],
      weights: {floats: [1, 2, 3, 4]},
      ...(T === 'string'
        ? {pool_strings: {strings: ['a', 'b', 'a', 'b', 'b', 'c']}}
        : {pool_int64s: [1, 2, 1, 2, 2, 3]}),
    }),
    expected: () => [{dims: [4], values: [2, 6, 6, 4]}],
  },
];
