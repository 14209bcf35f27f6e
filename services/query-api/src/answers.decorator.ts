import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { problemDto } from './wire.dto.js';

/** Documents what a route answers: `schema`, and problems with these further statuses. */
export function answers(schema: z.ZodType, ...problems: readonly number[]): MethodDecorator & ClassDecorator {
  const failures = [400, ...problems, 503].map((status) => ApiResponse({ status, description: 'problem+json', standardSchema: problemDto }));
  return applyDecorators(ApiResponse({ status: 200, description: 'The answer.', standardSchema: schema }), ...failures);
}
