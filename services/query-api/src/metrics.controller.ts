import { metricCatalogue, windowDefinitions } from '@millrace/contracts';
import { Controller, Get, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { answers } from './answers.decorator.js';
import { MetricReadModel } from './metric.read-model.js';
import { NoQueryGuard } from './no-query.guard.js';
import { explainParams, latestQuery, metricParams, seriesQuery, type ExplainParams, type LatestQuery, type MetricParams, type SeriesQuery } from './query.schema.js';
import { catalogueDto, explainedWindowDto, latestDto, seriesDto, type CatalogueDto, type ExplainedWindowDto, type LatestDto, type SeriesDto } from './wire.dto.js';

@ApiTags('metrics')
@Controller('api')
export class MetricsController {
  constructor(@Inject(MetricReadModel) private readonly model: MetricReadModel) {}

  @Get('metrics')
  @UseGuards(NoQueryGuard)
  @ApiOperation({ summary: 'Every metric: its unit, windows, dimensions and sources.' })
  @answers(catalogueDto)
  catalogue(): CatalogueDto {
    return {
      windows: { ...windowDefinitions },
      metrics: metricCatalogue.map((metric) => ({
        ...metric, sources: [...metric.sources], windows: [...metric.windows], dimensions: metric.dimensions.map((set) => [...set]),
      })),
    };
  }

  @Get('metrics/:metric/latest')
  @ApiOperation({ summary: 'The newest window of a metric, for each set of dimensions that matches.' })
  @answers(latestDto, 404)
  latest(@Param({ schema: metricParams }) { metric }: MetricParams, @Query({ schema: latestQuery }) query: LatestQuery): Promise<LatestDto> {
    return this.model.latest(metric, query);
  }

  @Get('metrics/:metric/series')
  @ApiOperation({ summary: 'Windows of a metric in order of time.' })
  @answers(seriesDto, 404)
  series(@Param({ schema: metricParams }) { metric }: MetricParams, @Query({ schema: seriesQuery }) query: SeriesQuery): Promise<SeriesDto> {
    return this.model.series(metric, query, Date.now());
  }

  @Get('windows/:metricKey/:window/:start')
  @UseGuards(NoQueryGuard)
  @ApiOperation({ summary: 'One window explained: revision, watermark, and the Kafka offsets it was computed from.' })
  @answers(explainedWindowDto, 404)
  explain(@Param({ schema: explainParams }) params: ExplainParams): Promise<ExplainedWindowDto> {
    return this.model.explain(params);
  }
}
