import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedType, contentType } from './media-types.ts';

const whole = 'application/json';
const one = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const list = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

test('contentType() names the kind of patch, and JSON for the rest', () => {
  assert.equal(contentType({ method: 'PATCH', patchType: 'json' }), 'application/json-patch+json');
  assert.equal(contentType({ method: 'PATCH' }), 'application/merge-patch+json');
  assert.equal(contentType({ method: 'POST', patchType: 'json' }), whole);
});

test('acceptedType() asks for a list of metadata exactly where the answer is a list', () => {
  const metadata = { method: 'GET', view: 'metadata' } as const;
  const cases: readonly (readonly [path: string, expected: string])[] = [
    ['/api/v1/namespaces', list],
    ['/api/v1/namespaces/a', one],
    ['/api/v1/namespaces/a/pods', list],
    ['/api/v1/namespaces/a/pods/b', one],
    ['/api/v1/pods', list],
    ['/apis/spiderpool.spidernet.io/v2beta1/spiderippools', list],
    ['/apis/spiderpool.spidernet.io/v2beta1/spiderippools/a', one],
    ['/apis/apps/v1/namespaces/a/statefulsets', list],
    ['/apis/apps/v1/namespaces/a/statefulsets/b', one],
  ];
  for (const [path, expected] of cases)
    assert.equal(acceptedType({ ...metadata, path }, false), expected, path);
  assert.equal(acceptedType({ ...metadata, path: '/api/v1/pods' }, true), one);
  assert.equal(acceptedType({ method: 'POST', view: 'metadata', path: '/api/v1/namespaces' }, false), one);
  assert.equal(acceptedType({ method: 'GET', path: '/api/v1/pods' }, false), whole);
});
